//! The maps of a machine.

use skep_abi::{Addr, Cpu, Errno, MapId};

use super::{Map, MapDef, MapError, Ringbuf, UserSide};
use crate::memory::Owner;
use crate::{Fault, Machine, Output};

impl Machine {
    /// Creates a map.
    ///
    /// # Errors
    /// [`MapError`] with the kernel's errno and the rule.
    pub fn create_map(&self, def: MapDef) -> Result<MapId, MapError> {
        let name = def.name.clone();
        let made = self.maps.try_push_with(|index| {
            if u64::from(index) >= self.map_objects.slab().count() {
                let why = format!("the machine has {index} maps already");
                return Err(MapError { map: name, errno: Errno::ENOMEM, why });
            }
            let map = Map::create(&self.memory, &self.env, MapId(index), def)?;
            self.map_objects.fill(&self.memory, &map);
            Ok(map)
        });
        made.map(MapId)
    }

    /// A map by its number.
    #[must_use]
    pub fn map(&self, id: MapId) -> Option<&Map> {
        self.maps.get(id.0)
    }

    /// All maps in the order of their creation.
    pub fn maps(&self) -> impl Iterator<Item = &Map> {
        self.maps.iter()
    }

    /// A map as user space sees it.
    #[must_use]
    pub fn user_side(&self, id: MapId) -> Option<UserSide<'_>> {
        self.map(id).map(|map| UserSide::new(self, map))
    }

    /// The map whose `struct bpf_map` is at an address.
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when there is none.
    pub fn map_at(&self, addr: Addr) -> Result<&Map, Fault> {
        let slab = self.map_objects.slab();
        slab.index_of(addr)
            .and_then(|index| u32::try_from(index).ok())
            .and_then(|index| self.map(MapId(index)))
            .filter(|map| map.addr() == addr)
            .ok_or_else(|| Fault::WrongObject {
                addr,
                what: "map",
                found: self.memory.describe(addr),
            })
    }

    /// Moves what user space can take from ring buffers into [`Machine::outputs`].
    pub fn drain_ringbufs(&self) {
        for map in self.maps() {
            for data in map.ringbuf().into_iter().flat_map(Ringbuf::consume) {
                self.outputs().push(Cpu(0), Output::Ringbuf { map: map.id(), data });
            }
        }
    }

    /// The ring buffer in whose records an address lies.
    ///
    /// # Errors
    /// [`Fault::WrongObject`] when there is none.
    pub fn ringbuf_at(&self, addr: Addr) -> Result<&Map, Fault> {
        match self.memory.owner(addr) {
            Some(Owner::Ringbuf(id)) => self.map(id),
            _ => None,
        }
        .ok_or_else(|| Fault::WrongObject {
            addr,
            what: "ring buffer record",
            found: self.memory.describe(addr),
        })
    }
}
