//! Live regions: equal elements at equal distances, with red zones between them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use skep_abi::MapId;

use super::backing::Area;
use super::guard::Guard;
use super::records::Records;
use crate::Access;

/// What programs may do to a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Load.
    pub read: bool,
    /// Store.
    pub write: bool,
}

impl Rights {
    /// Load and store.
    pub const READ_WRITE: Self = Self { read: true, write: true };
    /// Load only.
    pub const READ_ONLY: Self = Self { read: true, write: false };

    const fn allow(self, access: Access) -> bool {
        match access {
            Access::Read => self.read,
            Access::Write => self.write,
            Access::Atomic => self.read && self.write,
        }
    }
}

/// Words for messages: `what` element of `of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The kind of element, such as `value` or `frame`.
    pub what: &'static str,
    /// The whole, such as ``map `counts` ``; empty when the element says it all.
    pub of: Arc<str>,
    /// Elements of each CPU, where those of CPU 0 come first, then those of CPU 1, …
    pub percpu: Option<u64>,
}

impl Label {
    /// Names a region.
    #[must_use]
    pub fn new(what: &'static str, of: impl Into<Arc<str>>) -> Self {
        Self { what, of: of.into(), percpu: None }
    }

    /// Names a region with as many elements for each CPU.
    #[must_use]
    pub fn percpu(what: &'static str, of: impl Into<Arc<str>>, elements: u64) -> Self {
        Self { percpu: Some(elements), ..Self::new(what, of) }
    }
}

/// Whose region it is, for calls that get nothing but an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody asks.
    None,
    /// The objects of maps, by their numbers.
    MapObjects,
    /// The records of a ring buffer.
    Ringbuf(MapId),
    /// A value of a map.
    MapValue(MapId),
    /// A variable of the kernel that each CPU has, an element each.
    Percpu,
}

/// Gets to know which bytes of an object are loaded.
pub(crate) trait Watch: Send + Sync {
    /// Is told of each load by a program.
    fn loaded(&self, offset: u64, size: u64);
}

/// Which elements are alive.
pub(crate) enum Liveness {
    /// All, until the whole region dies.
    Whole,
    /// One by one.
    Each(Elements),
    /// Records of changing sizes in one element.
    Records(Records),
    /// A part of one element, whose bounds move.
    Span(Span),
}

/// The part of an element that is alive: a packet in its buffer. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Span(Arc<[AtomicU64; 2]>);

impl Span {
    /// Moves the bounds.
    pub(crate) fn set(&self, start: u64, end: u64) {
        self.0[0].store(start, Ordering::Release);
        self.0[1].store(end, Ordering::Release);
    }

    /// First byte, and the one after the last.
    pub(crate) fn bounds(&self) -> (u64, u64) {
        (self.0[0].load(Ordering::Acquire), self.0[1].load(Ordering::Acquire))
    }

    fn covers(&self, within: u64, size: u64) -> bool {
        let (start, end) = self.bounds();
        start <= within && within + size <= end
    }
}

/// A bit for each element, and names of those that have one.
pub(crate) struct Elements {
    live: Box<[AtomicU64]>,
    names: Mutex<BTreeMap<u64, String>>,
}

impl Elements {
    pub(crate) fn new(count: u64) -> Self {
        let live = (0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Self { live, names: Mutex::new(BTreeMap::new()) }
    }

    fn is_live(&self, index: u64) -> bool {
        self.live[(index / 64) as usize].load(Ordering::Acquire) & (1 << (index % 64)) != 0
    }

    fn set(&self, index: u64, live: bool) {
        let word = &self.live[(index / 64) as usize];
        let bit = 1 << (index % 64);
        if live {
            word.fetch_or(bit, Ordering::AcqRel);
        } else {
            word.fetch_and(!bit, Ordering::AcqRel);
        }
    }
}

/// One region.
pub(crate) struct Region {
    pub(crate) base: u64,
    pub(crate) stride: u64,
    /// ceil(2^64 / stride); 0 where the quotient by multiplication would not be exact.
    reciprocal: u64,
    /// Bytes of one element, without the red zone after it.
    pub(crate) size: u64,
    pub(crate) count: u64,
    pub(crate) rights: Rights,
    pub(crate) owner: Owner,
    pub(crate) label: Label,
    pub(crate) liveness: Liveness,
    pub(crate) watch: Option<Arc<dyn Watch>>,
    pub(crate) guard: Option<Arc<Guard>>,
    pub(crate) area: Area,
    dead: AtomicBool,
}

/// Where an access falls within a region.
pub(crate) struct Hit {
    /// Bytes from the start of the area.
    pub(crate) offset: usize,
    /// Bytes from the start of the element.
    pub(crate) within: u64,
}

/// Shape of a region, before it has a place.
pub(crate) struct Shape {
    pub(crate) stride: u64,
    pub(crate) size: u64,
    pub(crate) count: u64,
}

impl Region {
    pub(crate) fn new(
        base: u64,
        shape: &Shape,
        spec: &super::SlabSpec,
        area: Area,
        records: Option<Area>,
    ) -> Self {
        let Shape { stride, size, count } = *shape;
        let span = u128::from(stride) * u128::from(count) + u128::from(super::page_table::PAGE);
        // floor(offset * ceil(2^64/stride) / 2^64) is the exact quotient while offset * stride < 2^64.
        let is_exact = span * u128::from(stride) < 1 << 64 && stride > 1;
        let reciprocal = if is_exact { (u64::MAX / stride) + 1 } else { 0 };
        let liveness = match records {
            Some(table) => Liveness::Records(Records::new(table)),
            None if spec.has_span => Liveness::Span(Span::default()),
            None if spec.is_each_alive => Liveness::Each(Elements::new(count)),
            None => Liveness::Whole,
        };
        Self {
            base,
            stride,
            reciprocal,
            size,
            count,
            rights: spec.rights,
            owner: spec.owner,
            label: spec.label.clone(),
            liveness,
            watch: spec.watch.clone(),
            guard: spec.guard.clone(),
            area,
            dead: AtomicBool::new(false),
        }
    }

    #[inline]
    pub(crate) fn index_of(&self, offset: u64) -> u64 {
        if self.count == 1 {
            0
        } else if self.reciprocal != 0 {
            ((u128::from(offset) * u128::from(self.reciprocal)) >> 64) as u64
        } else {
            offset / self.stride
        }
    }

    /// Where `size` bytes at `addr` fall, when they lie within one live element.
    #[inline]
    pub(crate) fn hit(&self, addr: u64, size: u64) -> Option<Hit> {
        let hit = self.bounds(addr, size)?;
        let is_live = match &self.liveness {
            Liveness::Whole => true,
            Liveness::Each(elements) => elements.is_live(self.index_of(addr - self.base)),
            Liveness::Records(records) => records.covers(hit.within, size),
            Liveness::Span(span) => span.covers(hit.within, size),
        };
        (is_live && !self.dead.load(Ordering::Relaxed)).then_some(hit)
    }

    /// The same without a look at who is alive.
    #[inline]
    pub(crate) fn bounds(&self, addr: u64, size: u64) -> Option<Hit> {
        let offset = addr.checked_sub(self.base)?;
        let index = self.index_of(offset);
        let within = offset - index * self.stride;
        let fits = index < self.count && size <= self.size && within <= self.size - size;
        fits.then_some(Hit { offset: offset as usize, within })
    }

    #[inline]
    pub(crate) fn allows(&self, access: Access) -> bool {
        self.rights.allow(access)
    }

    /// Whether no special field is in the way of an access.
    #[inline]
    pub(crate) fn is_unguarded(&self, within: u64, size: u64, access: Access) -> bool {
        match &self.guard {
            None => true,
            Some(guard) => guard.refusing(within, size, access).is_none(),
        }
    }

    /// Brings an element to life, or ends its life.
    pub(crate) fn set_live(&self, index: u64, live: bool) {
        match &self.liveness {
            Liveness::Each(elements) if index < self.count => elements.set(index, live),
            _ => debug_assert!(false, "only elements that live one by one are born and die"),
        }
    }

    /// Says what an element is; the name outlives it, until the next one.
    pub(crate) fn name_element(&self, index: u64, name: String) {
        if let Liveness::Each(elements) = &self.liveness {
            elements.names.lock().insert(index, name);
        }
    }

    /// Ends the region with all its elements.
    pub(crate) fn kill(&self) {
        self.dead.store(true, Ordering::Relaxed);
        self.area.release();
    }

    /// The element in words.
    pub(crate) fn element_name(&self, index: u64) -> String {
        if let Liveness::Each(elements) = &self.liveness
            && let Some(name) = elements.names.lock().get(&index)
        {
            return name.clone();
        }
        let Label { what, of, percpu } = &self.label;
        if let Some(each) = percpu {
            return match each {
                1 => format!("the {what} of {of} on CPU {index}"),
                _ => format!("{what} {} of {of} on CPU {}", index % each, index / each),
            };
        }
        match (self.count, of.is_empty()) {
            (1, true) => (*what).to_owned(),
            (1, false) => format!("the {what} of {of}"),
            (_, true) => format!("{what} {index}"),
            (_, false) => format!("{what} {index} of {of}"),
        }
    }
}
