//! Handing out addresses: upwards in each window, with an unmapped page between regions.

use std::ops::Range;
use std::sync::Arc;

use skep_abi::Addr;

use super::backing::{Area, COMMIT_UNIT};
use super::guard::Guard;
use super::page_table::PAGE;
use super::records::Records;
use super::region::{Label, Owner, Region, Rights, Shape, Watch};
use super::{Memory, Slab, Window, window};

/// Bytes between the end of one element and the start of the next, at least.
const RED_ZONE: u64 = 8;

/// The machine or the host has no memory left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("out of memory: {bytes} bytes of {window:?}")]
pub struct OutOfMemory {
    /// What was asked for.
    pub bytes: u64,
    /// Where.
    pub window: Window,
}

/// How far a window is handed out, and how far it is committed.
#[derive(Clone, Copy)]
pub(super) struct Filled {
    next: u64,
    committed: u64,
    end: u64,
}

impl Filled {
    pub(super) fn of(window: Window) -> Self {
        let Range { start, end } = window.range();
        Self { next: start + PAGE, committed: start, end }
    }
}

/// What a new region is to be.
#[derive(Clone)]
pub struct SlabSpec {
    /// Where it lies.
    pub window: Window,
    /// Bytes of one element; at least 1.
    pub size: u64,
    /// Number of elements; at least 1.
    pub count: u64,
    /// Bytes from one element to the next, when more are wanted than the size and a red zone need.
    pub stride: u64,
    /// What programs may do.
    pub rights: Rights,
    /// Elements live one by one, dead at first; else all live as long as the region.
    pub is_each_alive: bool,
    /// The one element holds records that live one by one.
    pub has_records: bool,
    /// Of the one element only a part is alive, none at first ([`Memory::set_span`]).
    pub has_span: bool,
    /// Words for messages.
    pub label: Label,
    /// Whose it is.
    pub owner: Owner,
    pub(crate) watch: Option<Arc<dyn Watch>>,
    pub(crate) guard: Option<Arc<Guard>>,
}

impl SlabSpec {
    /// `count` elements of `size` bytes that programs may read and write.
    #[must_use]
    pub fn new(window: Window, size: u64, count: u64, label: Label) -> Self {
        Self {
            window,
            size,
            count,
            stride: 0,
            rights: Rights::READ_WRITE,
            is_each_alive: false,
            has_records: false,
            has_span: false,
            label,
            owner: Owner::None,
            watch: None,
            guard: None,
        }
    }

    fn shape(&self) -> Option<Shape> {
        let size = self.size.max(1);
        let stride = size.checked_next_multiple_of(8)?.checked_add(RED_ZONE)?.max(self.stride);
        Some(Shape { stride: stride.next_multiple_of(8), size, count: self.count.max(1) })
    }
}

impl Memory {
    /// Makes a region of zeroed elements.
    ///
    /// # Errors
    /// [`OutOfMemory`] when the window is full or the host refuses.
    pub fn alloc(&self, spec: &SlabSpec) -> Result<Slab, OutOfMemory> {
        let too_much = OutOfMemory { bytes: u64::MAX, window: spec.window };
        let shape = spec.shape().ok_or(too_much)?;
        let bytes = shape.stride.checked_mul(shape.count).ok_or(too_much)?;
        let records = match spec.has_records {
            true => Some(self.alloc_hidden(Records::table_bytes(shape.size))?),
            false => None,
        };
        let (base, area) = self.take(spec.window, bytes)?;
        let Shape { stride, size, count } = shape;
        let index =
            self.regions.push_with(|_| Region::new(base, &shape, spec, area.clone(), records));
        let first = (base - window::BASE) / PAGE;
        self.pages.set(first..first + bytes.div_ceil(PAGE), index);
        Ok(Slab { region: index, base: Addr(base), stride, size, count, area })
    }

    /// Zeroed words that no program can reach.
    ///
    /// # Errors
    /// As [`Memory::alloc`].
    pub(crate) fn alloc_hidden(&self, bytes: u64) -> Result<Area, OutOfMemory> {
        self.take(Window::Hidden, bytes.max(8)).map(|(_, area)| area)
    }

    /// Whole pages of a window, and the unmapped one after them.
    fn take(&self, window: Window, bytes: u64) -> Result<(u64, Area), OutOfMemory> {
        let refused = OutOfMemory { bytes, window };
        let mut windows = self.windows.lock();
        let filled = &mut windows[Window::ALL.iter().position(|w| *w == window).ok_or(refused)?];
        let len = bytes.checked_next_multiple_of(PAGE).ok_or(refused)?;
        let end = filled.next.checked_add(len).filter(|end| *end < filled.end).ok_or(refused)?;
        let base = filled.next;
        // Commits start at whole units: the one that holds the last region's end is committed again.
        let unit = COMMIT_UNIT as u64;
        let from = (base - window::BASE) / unit * unit;
        let until = (end - window::BASE).next_multiple_of(unit);
        let committed =
            self.backing.commit(from as usize, (until - from) as usize).map_err(|_| refused)?;
        filled.committed = filled.committed.max(window::BASE + until);
        filled.next = end + PAGE;
        let start = (base - window::BASE - from) / 8;
        Ok((base, committed.part(start as usize, (len / 8) as usize)))
    }

    /// Addresses for code of `bytes` bytes: programs may jump there, never load.
    ///
    /// # Errors
    /// [`OutOfMemory`] when the code window is full.
    pub fn alloc_code(&self, bytes: u64, of: &str) -> Result<Addr, OutOfMemory> {
        let refused = OutOfMemory { bytes, window: Window::Hidden };
        let mut code = self.code.write();
        let next =
            code.last_key_value().map_or(window::CODE.start, |(start, (len, _))| start + len);
        let len = bytes.max(1).checked_next_multiple_of(64).ok_or(refused)?;
        next.checked_add(len).filter(|end| *end <= window::CODE.end).ok_or(refused)?;
        code.insert(next, (len, of.into()));
        Ok(Addr(next))
    }

    /// Ends a region: accesses fault from now on, and its memory goes back to the host.
    pub fn free(&self, slab: &Slab) {
        if let Some(region) = self.regions.get(slab.region) {
            region.kill();
        }
    }

    /// Brings an element of a slab that lives element by element to life, or ends its life.
    pub fn set_live(&self, slab: &Slab, index: u64, live: bool) {
        if let Some(region) = self.regions.get(slab.region) {
            region.set_live(index, live);
        }
    }

    /// Says for messages what an element is, such as `task_struct of pid 7`; the name outlives it.
    pub fn name_element(&self, slab: &Slab, index: u64, name: String) {
        if let Some(region) = self.regions.get(slab.region) {
            region.name_element(index, name);
        }
    }

    /// Says which part of the element of a slab with a span is alive.
    pub fn set_span(&self, slab: &Slab, start: u64, end: u64) {
        if let Some(super::region::Liveness::Span(span)) =
            self.regions.get(slab.region).map(|region| &region.liveness)
        {
            span.set(start, end);
        }
    }

    /// Which records of a slab that has records are alive.
    pub(crate) fn records(&self, slab: &Slab) -> Option<Records> {
        match &self.regions.get(slab.region)?.liveness {
            super::region::Liveness::Records(records) => Some(records.clone()),
            _ => None,
        }
    }
}
