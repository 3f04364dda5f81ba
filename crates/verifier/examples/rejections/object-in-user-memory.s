; no example: the kernels that skep ships were built without type tags, which tell pointers to user memory
