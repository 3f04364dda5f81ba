; no example: that the program owns the object is asked before, as of one of the call's arguments
