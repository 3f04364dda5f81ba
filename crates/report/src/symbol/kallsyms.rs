//! Kernel symbols by `/proc/kallsyms` (`kernel/kallsyms.c`).
//!
//! The file has some 200,000 lines and no order between modules; it is read once for a batch of addresses, keeping
//! for each the nearest symbol below, so that no table is built.

use std::io::BufRead;

use super::Found;

/// Distance from a symbol beyond which it says nothing: no kernel function is 4 MiB long.
const FARTHEST: u64 = 4 << 20;

/// The nearest symbols below the addresses, which must be sorted. Unknown ones are `None`.
///
/// Where the kernel hides addresses (`kptr_restrict`), all of them read as zero, and none is known.
pub(super) fn look_up(mut kallsyms: impl BufRead, addresses: &[u64]) -> Vec<Option<Found>> {
    // For each gap between neighbouring addresses, the greatest symbol in it. It is the nearest one below the
    // address at the gap's upper end, and, where later gaps are empty, below the next addresses too.
    let mut nearest: Vec<Option<(u64, String)>> = vec![None; addresses.len()];
    let mut line = Vec::new();
    while matches!(kallsyms.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        consider(&String::from_utf8_lossy(&line), addresses, &mut nearest);
        line.clear();
    }
    let mut below: Option<(u64, String)> = None;
    let mut found = Vec::with_capacity(addresses.len());
    for (address, in_gap) in addresses.iter().zip(nearest) {
        below = in_gap.or(below);
        let known = below.as_ref().filter(|(symbol, _)| address - symbol < FARTHEST);
        found.push(known.map(|(_, text)| found_of(text)));
    }
    found
}

/// Takes the symbol of one line, `ADDRESS TYPE NAME [MODULE]`, if it is the greatest of its gap.
fn consider(line: &str, addresses: &[u64], nearest: &mut [Option<(u64, String)>]) {
    let Some((address, rest)) = line.split_once(' ') else { return };
    let (Ok(address), Some((_, name))) = (u64::from_str_radix(address, 16), rest.split_once(' '))
    else {
        return;
    };
    if address == 0 {
        return;
    }
    let gap = addresses.partition_point(|asked| *asked < address);
    let Some(slot) = nearest.get_mut(gap) else { return };
    if slot.as_ref().is_none_or(|(known, _)| *known < address) {
        *slot = Some((address, name.trim_end().to_owned()));
    }
}

fn found_of(text: &str) -> Found {
    let (name, module) = match text.split_once(['\t', ' ']) {
        Some((name, module)) => (name, module.trim()),
        None => (text, ""),
    };
    let object = if module.is_empty() { "[kernel]" } else { module };
    Found { lines: vec![(name.to_owned(), None)], object: Some(object.to_owned()), start: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "ffffffff81000000 T _stext\nffffffff81000100 T first\nffffffff81000100 t alias\n\
        ffffffffc0001000 t in_module\t[nf_tables]\nffffffff81000200 T second\n0000000000000000 A zero\n\
        broken\nffffffffc0008000 t bpf_prog_6deef7357e7b4530_f\t[bpf]\n";

    fn names(addresses: &[u64]) -> Vec<Option<(String, String)>> {
        let found = look_up(TEXT.as_bytes(), addresses);
        found.into_iter().map(|f| f.map(|f| (f.lines[0].0.clone(), f.object.unwrap()))).collect()
    }

    fn some(name: &str, object: &str) -> Option<(String, String)> {
        Some((name.into(), object.into()))
    }

    #[test]
    fn the_nearest_symbol_below_names_an_address() {
        let asked = [
            0x1000,
            0xffff_ffff_8100_0000,
            0xffff_ffff_8100_00ff,
            0xffff_ffff_8100_0100,
            0xffff_ffff_8100_0150,
            0xffff_ffff_8100_0160,
            0xffff_ffff_8100_0201,
            0xffff_ffff_9000_0000,
            0xffff_ffff_c000_1001,
            0xffff_ffff_c000_8010,
        ];
        assert_eq!(
            names(&asked),
            [
                None,
                some("_stext", "[kernel]"),
                some("_stext", "[kernel]"),
                some("first", "[kernel]"),
                some("first", "[kernel]"),
                some("first", "[kernel]"),
                some("second", "[kernel]"),
                None,
                some("in_module", "[nf_tables]"),
                some("bpf_prog_6deef7357e7b4530_f", "[bpf]"),
            ]
        );
    }

    #[test]
    fn hidden_addresses_name_nothing() {
        let hidden = "0000000000000000 T _stext\n0000000000000000 T first\n";
        assert_eq!(look_up(hidden.as_bytes(), &[0xffff_ffff_8100_0000]), [None]);
    }
}
