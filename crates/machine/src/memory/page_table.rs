//! From a page of the machine's address space to the region that lies there, without locks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes of a page; no two regions share one.
pub(crate) const PAGE: u64 = 1 << 12;
/// Pages under one leaf.
const LEAF_PAGES: usize = 1 << 12;

/// A leaf exists once a region touches its 16 MiB.
type Leaf = OnceLock<Box<[AtomicU32]>>;

/// Region number by page number; 0 where there is none, else the region's index + 1.
pub(crate) struct PageTable(Box<[Leaf]>);

impl PageTable {
    /// An empty table over `bytes` bytes of address space.
    pub(crate) fn new(bytes: u64) -> Self {
        let leaves = bytes.div_ceil(PAGE * LEAF_PAGES as u64);
        Self((0..leaves).map(|_| OnceLock::new()).collect())
    }

    /// The region that lies in a page.
    #[inline]
    pub(crate) fn get(&self, page: u64) -> Option<u32> {
        let page = usize::try_from(page).ok()?;
        let leaf = self.0.get(page / LEAF_PAGES)?.get()?;
        leaf[page % LEAF_PAGES].load(Ordering::Acquire).checked_sub(1)
    }

    /// Enters a region in its pages.
    pub(crate) fn set(&self, pages: std::ops::Range<u64>, region: u32) {
        for page in pages {
            let page = usize::try_from(page).unwrap_or(usize::MAX);
            let Some(leaf) = self.0.get(page / LEAF_PAGES) else { return };
            let leaf = leaf.get_or_init(|| (0..LEAF_PAGES).map(|_| AtomicU32::new(0)).collect());
            // Release: whoever sees the number also sees the region behind it.
            leaf[page % LEAF_PAGES].store(region + 1, Ordering::Release);
        }
    }
}
