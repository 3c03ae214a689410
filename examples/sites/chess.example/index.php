<?php
// A front controller: every path that is no file arrives here.
require __DIR__ . '/lib/Pairings.php';

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/pairings') {
    header('Content-Type: application/json');
    echo json_encode((new Pairings(['Anand', 'Carlsen', 'Ju', 'Polgár']))->rounds(), JSON_UNESCAPED_UNICODE);
} else {
    echo 'Chess club: ', count((new Pairings(['Anand', 'Carlsen', 'Ju', 'Polgár']))->rounds()), " rounds tonight\n";
}
