; no example: no kernel function that programs may call takes a struct, a union or a floating-point number by value
