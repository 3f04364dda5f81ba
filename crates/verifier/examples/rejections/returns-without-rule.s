; no example: where a tracing program attaches is checked before its first insn, and every place that passes has a rule
