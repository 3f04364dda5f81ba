//! Names of all helpers, implemented or not (`facts/helper-by-prog-type-6.18.44.tsv`, columns `helper` and `id`).

use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../../facts/helper-by-prog-type-6.18.44.tsv");

static NAMES: LazyLock<HashMap<u32, &'static str>> = LazyLock::new(|| {
    let rows = TABLE.lines().skip(1).filter_map(|line| {
        let mut columns = line.split('\t');
        let name = columns.next()?;
        Some((columns.next()?.parse().ok()?, name))
    });
    rows.collect()
});

/// The name of a helper of Linux 6.18 by its uapi number; `None` for a number that it does not have. Number 0 has a
/// name, `bpf_unspec`, and is no helper.
#[must_use]
pub fn helper_name(id: u32) -> Option<&'static str> {
    if id == 0 { Some("bpf_unspec") } else { NAMES.get(&id).copied() }
}

#[cfg(test)]
mod tests {
    use super::helper_name;

    #[test]
    fn every_helper_has_its_name_and_agrees_with_the_catalogue() {
        assert_eq!((helper_name(0), helper_name(212)), (Some("bpf_unspec"), None));
        assert_eq!((1..=211).filter_map(helper_name).count(), 211);
        for call in crate::calls() {
            if let skep_abi::CallKind::Helper(id) = call.spec.kind {
                assert_eq!(helper_name(id), Some(call.spec.name));
            }
        }
    }
}
