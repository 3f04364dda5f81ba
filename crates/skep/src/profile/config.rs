//! Kernel options: `/proc/config.gz`, `/boot/config-RELEASE`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;

use flate2::read::GzDecoder;

/// No kernel's configuration comes near.
const MAX_BYTES: u64 = 16 << 20;

/// The running kernel's options; none when it does not show them.
pub(super) fn of_running(release: &str) -> BTreeMap<String, String> {
    let packed = || {
        let mut text = String::new();
        let file = File::open("/proc/config.gz").ok()?;
        GzDecoder::new(file).take(MAX_BYTES).read_to_string(&mut text).ok()?;
        Some(text)
    };
    let installed = || fs::read_to_string(format!("/boot/config-{release}")).ok();
    packed().or_else(installed).map(|text| parse(&text)).unwrap_or_default()
}

/// The options that are set: lines such as `CONFIG_HZ=250`.
pub(super) fn parse(text: &str) -> BTreeMap<String, String> {
    let options = text.lines().filter(|line| line.starts_with("CONFIG_"));
    let options = options.filter_map(|line| line.trim_end().split_once('='));
    options.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
