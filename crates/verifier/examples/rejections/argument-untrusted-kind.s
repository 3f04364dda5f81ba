; no example: besides structs and unions, types of these names in the kernel are declared only
