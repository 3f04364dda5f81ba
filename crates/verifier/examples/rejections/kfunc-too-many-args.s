; no example: no kernel function that programs may call has more than five arguments
