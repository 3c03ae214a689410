<?php
// Round robin by the circle method: the first player stays, the others go round.
final class Pairings
{
    /** @param list<string> $players an even number of them */
    public function __construct(private array $players)
    {
    }

    /** @return list<list<array{string, string}>> */
    public function rounds(): array
    {
        $rounds = [];
        $circle = array_slice($this->players, 1);
        for ($round = 0; $round < count($circle); $round++) {
            $table = [$this->players[0], ...$circle];
            $half = intdiv(count($table), 2);
            $rounds[] = array_map(null, array_slice($table, 0, $half), array_reverse(array_slice($table, $half)));
            array_unshift($circle, array_pop($circle));
        }
        return $rounds;
    }
}
