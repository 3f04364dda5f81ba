//! Memory of this process that the kernel and the bench both see.

use std::fs;
use std::os::unix::fs::FileExt as _;

/// A page of this process with these bytes at its head and 'x' behind; it is never given back.
pub(crate) fn user_page(head: &[u8]) -> u64 {
    let mut bytes = vec![b'x'; 8192];
    let start = bytes.as_ptr() as usize;
    let at = start.next_multiple_of(4096) - start;
    bytes[at..at + head.len()].copy_from_slice(head);
    bytes[at + 4095] = 0;
    (bytes.leak().as_ptr() as usize + at) as u64
}

/// The 4096 bytes of a page that [`user_page`] made, read through the kernel.
pub(crate) fn user_bytes(page: u64) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    fs::File::open("/proc/self/mem").unwrap().read_exact_at(&mut bytes, page).unwrap();
    bytes
}
