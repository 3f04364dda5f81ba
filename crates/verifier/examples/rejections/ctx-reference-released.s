; no example: it takes the stubs of the kernel's queue disciplines, which the kernel types that skep ships leave out
