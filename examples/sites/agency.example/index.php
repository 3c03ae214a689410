Agency 42, served over <?= isset($_SERVER['HTTPS']) ? 'TLS' : 'plain HTTP' ?> by PHP <?= PHP_VERSION ?>

