//! The vDSO: every 64-bit process of one kernel maps the same image, so that our own serves for all.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use super::image::Image;

/// The name by which `/proc/PID/maps` and perf know it.
pub(super) const PATH: &str = "[vdso]";

/// The vDSO that is mapped into this process.
pub(super) fn image() -> Option<Image> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with(PATH))?;
    let (start, end) = line.split_whitespace().next()?.split_once('-')?;
    let start = u64::from_str_radix(start, 16).ok()?;
    let size = u64::from_str_radix(end, 16).ok()?.checked_sub(start)?;
    let mut bytes = vec![0; usize::try_from(size).ok()?];
    File::open("/proc/self/mem").ok()?.read_exact_at(&mut bytes, start).ok()?;
    Image::from_bytes(&bytes)
}
