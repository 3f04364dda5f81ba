; no example: jumps out of the program are found before any path is walked
