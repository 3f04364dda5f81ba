; no example: no function of the kernels that skep ships has an argument without a type
