; no example: jumps out of the program, and functions that do not end, are found before
