//! Addresses of kernel symbols: `/proc/kallsyms`, which shows zeros to those it does not trust.

use std::collections::BTreeMap;
use std::fs;

/// The addresses that the kernel shows; empty when it shows none.
pub(super) fn read() -> BTreeMap<String, u64> {
    fs::read_to_string("/proc/kallsyms").map(|text| parse(&text)).unwrap_or_default()
}

/// Lines such as `ffffffff81000000 T _text` or `… t fn [module]`. The first of several symbols of one name
/// counts, as libbpf takes it; zeros are no addresses.
pub(super) fn parse(text: &str) -> BTreeMap<String, u64> {
    let mut symbols = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(address), Some(_), Some(name)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        match u64::from_str_radix(address, 16) {
            Ok(address) if address != 0 => {
                symbols.entry(name.to_owned()).or_insert(address);
            }
            _ => {}
        }
    }
    symbols
}
