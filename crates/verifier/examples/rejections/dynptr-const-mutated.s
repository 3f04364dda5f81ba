; no example: a call makes a dynptr, gives it up or leaves it as it is, and who makes or gives up this one hears something else
