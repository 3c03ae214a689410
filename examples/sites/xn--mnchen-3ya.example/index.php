Grüß Gott aus <?= idn_to_utf8($_SERVER['HTTP_HOST']) ?>

