; no example: codes that Linux does not know are found before any path is walked
