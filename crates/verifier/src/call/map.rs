//! Which map a register means.

use skep_abi::MapType;

use crate::Map;
use crate::env::{Env, MapSeen};
use crate::state::{Payload, RegState};

/// A map of the program, or the template of the maps within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MapRef {
    /// Index into the program's maps.
    pub(crate) map: u32,
    /// Whether the inner template is meant.
    pub(crate) inner: bool,
    /// Tells inner maps of different lookups apart.
    pub(crate) uid: u32,
}

impl MapRef {
    /// The map of a pointer to a map, its keys or its values.
    pub(crate) fn of(reg: &RegState) -> Option<Self> {
        match reg.payload {
            Payload::Map { map, inner, uid } => Some(Self { map, inner, uid }),
            _ => None,
        }
    }

    /// The same as a register's payload.
    pub(crate) fn payload(self) -> Payload {
        Payload::Map { map: self.map, inner: self.inner, uid: self.uid }
    }

    /// What the map looks like.
    pub(crate) fn get<'a>(self, env: &Env<'a>) -> &'a Map<'a> {
        let map = &env.prog.maps[self.map as usize];
        // Invariant: a register means an inner map only where its template is known.
        if self.inner { map.inner.as_deref().unwrap_or(map) } else { map }
    }

    /// Its kind.
    pub(crate) fn kind(self, env: &Env<'_>) -> MapType {
        self.get(env).map_type
    }

    /// Notes it as seen at an insn.
    pub(crate) fn see(self, seen: &mut MapSeen) {
        *seen = match *seen {
            MapSeen::None => MapSeen::One(self.map, self.inner),
            MapSeen::One(map, inner) if (map, inner) == (self.map, self.inner) => *seen,
            _ => MapSeen::Many,
        };
    }
}
