; no example: a frame of more than 512 bytes is refused at the access, before frames are added up
