//! `struct bpf_map` of each map: what `ld_imm64` of a map points to, and what programs read of it.

use std::sync::Arc;

use skep_btf::Btf;

use super::Map;
use crate::memory::{Label, Memory, OutOfMemory, Owner, Rights, Slab, SlabSpec, Window};
use crate::object::{Layout, Unmodelled};

/// Maps of one machine at most.
const MAPS: u64 = 1 << 16;

/// The objects of all maps, by their numbers.
#[derive(Debug)]
pub(crate) struct MapObjects {
    slab: Slab,
    layout: Option<Arc<Layout>>,
}

impl MapObjects {
    pub(crate) fn new(
        memory: &Memory,
        btf: Option<&Btf>,
        unmodelled: &Arc<Unmodelled>,
    ) -> Result<Self, OutOfMemory> {
        let layout = btf.and_then(|btf| Layout::new(btf, "bpf_map", unmodelled)).map(Arc::new);
        // Without BTF the object is no more than an address.
        let size = layout.as_ref().map_or(8, |layout| layout.size);
        let mut spec = SlabSpec::new(Window::Objects, size, MAPS, Label::new("bpf_map", ""));
        spec.rights = Rights::READ_ONLY;
        spec.is_each_alive = true;
        spec.owner = Owner::MapObjects;
        if let Some(layout) = &layout {
            spec.watch = Some(layout.clone());
        }
        Ok(Self { slab: memory.alloc(&spec)?, layout })
    }

    pub(crate) fn slab(&self) -> &Slab {
        &self.slab
    }

    /// Brings the object of a new map to life.
    pub(crate) fn fill(&self, memory: &Memory, map: &Map) {
        let index = u64::from(map.id().0);
        memory.name_element(&self.slab, index, format!("map `{}`", map.name()));
        if let Some(layout) = &self.layout {
            let def = map.def();
            for (path, value) in [
                ("map_type", def.map_type as u32),
                ("key_size", def.key_size),
                ("value_size", def.value_size),
                ("max_entries", def.max_entries),
                ("map_flags", def.flags.bits()),
                ("id", map.id().0),
            ] {
                layout.put(&self.slab, index, path, u64::from(value));
            }
            layout.put(&self.slab, index, "map_extra", def.map_extra);
            layout.put_bytes(
                &self.slab,
                index,
                "name",
                &def.name.as_bytes()[..def.name.len().min(15)],
            );
        }
        memory.set_live(&self.slab, index, true);
    }
}
