//! Who holds which object: what is left when programs have ended.

use std::collections::BTreeMap;
use std::fmt;

use skep_abi::Addr;

use crate::Machine;

/// A field that holds a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The map; empty for a field of an object.
    pub map: String,
    /// The value, such as ``value 3 of map `m` ``, or the object.
    pub value: String,
    /// Offset of the field in it.
    pub offset: u32,
}

/// An object that counts its references, and is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its address.
    pub addr: Addr,
    /// What it is, such as `bpf_cpumask #3`.
    pub name: String,
    /// References to it.
    pub references: u64,
    /// Fields of maps and objects that hold some of them.
    pub holders: Vec<Holder>,
}

impl Object {
    /// References that no map holds: while no program runs, those are leaked.
    #[must_use]
    pub fn leaked(&self) -> u64 {
        self.references.saturating_sub(self.holders.len() as u64)
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {} references", self.name, self.addr, self.references)?;
        for Holder { value, offset, .. } in &self.holders {
            write!(f, "\n  one held by {value}, offset {offset}")?;
        }
        match self.leaked() {
            0 => Ok(()),
            leaked => write!(f, "\n  {leaked} held by nobody: leaked"),
        }
    }
}

impl Machine {
    /// The objects that are alive because someone holds them, with their holders, in the order of their addresses.
    ///
    /// Meant for when no program runs: those that hold references meanwhile are not known here.
    #[must_use]
    pub fn held_objects(&self) -> Vec<Object> {
        self.rcu().run_callbacks();
        let mut holders: BTreeMap<Addr, Vec<Holder>> = BTreeMap::new();
        let mut note = |map: &str, offset: u32, field: Addr, object: Addr| {
            let value = self.memory().name_of(field.offset(-i64::from(offset)));
            let holder = Holder { map: map.to_owned(), value, offset };
            holders.entry(object).or_default().push(holder);
        };
        for map in self.maps() {
            map.each_kptr(&mut |offset, field, object| note(map.name(), offset, field, object));
        }
        let objs = self.objs();
        objs.each_held(self.dtors(), &mut |offset, field, object| note("", offset, field, object));
        let alive = self.dtors().iter().flat_map(|dtor| dtor.alive()).chain(objs.alive());
        let mut objects: Vec<Object> = alive
            .map(|(addr, references)| Object {
                addr,
                name: self.memory().name_of(addr),
                references,
                holders: holders.remove(&addr).unwrap_or_default(),
            })
            .collect();
        objects.sort_by_key(|object| object.addr);
        objects
    }

    /// Objects with references that no map holds.
    #[must_use]
    pub fn leaked_objects(&self) -> Vec<Object> {
        self.held_objects().into_iter().filter(|object| object.leaked() != 0).collect()
    }
}
