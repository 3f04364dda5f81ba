; no example: the kernel says so in its log, then takes the static function as one without types
