//! Licences that open GPL-only calls (`include/linux/license.h`).

/// Licences that are compatible with the GPL.
const GPL_COMPATIBLE: &[&str] =
    &["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

/// Whether the kernel takes this licence for compatible with the GPL.
#[must_use]
pub fn is_gpl_compatible(license: &str) -> bool {
    GPL_COMPATIBLE.contains(&license)
}
