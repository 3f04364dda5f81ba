; no example: calls look at the place before they use it, and say what they wanted there: `dynptr-not-uninit` and others
