//! What maps hold, as JSON shaped by the object's types; ids of stacks become the stacks that they stand for.

mod stack;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use skep_abi::MapType;
use skep_btf::{Btf, TypeId, ValuePrinter, hex};
use skep_machine::Machine;
use skep_object::{MapOrigin, MapSpec};

use crate::load::{Loaded, LoadedMap};

pub use stack::StackNames;

/// A map and its elements.
#[derive(Clone, Debug)]
pub struct MapContents {
    /// Name.
    pub name: String,
    /// Kind.
    pub map_type: Option<MapType>,
    /// Keys and values.
    pub elements: Vec<(Value, Value)>,
}

/// The contents of these maps, in the order of the object.
#[must_use]
pub fn read<'a>(
    machine: &Machine,
    loaded: &Loaded,
    maps: impl IntoIterator<Item = &'a LoadedMap>,
    names: &mut StackNames,
) -> Vec<MapContents> {
    maps.into_iter()
        .filter_map(|map| {
            let entries = machine.user_side(map.id)?.entries();
            Some(MapContents::of(loaded.btf.as_ref(), &map.spec, entries, names))
        })
        .collect()
}

impl MapContents {
    /// A map whose elements are these, as user space reads them.
    pub(crate) fn of(
        btf: Option<&Arc<Btf>>,
        map: &MapSpec,
        entries: Vec<Entry>,
        names: &mut StackNames,
    ) -> Self {
        let printer = Printer { btf, map };
        let elements = printer.elements(entries, names);
        Self { name: map.name.clone(), map_type: map.kind, elements }
    }
}

/// A key and its value; of a map with a value per CPU all of them in a row, each padded to 8 bytes.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// Prints keys and values by their types.
#[derive(Clone, Copy)]
pub(crate) struct Printer<'a> {
    pub(crate) btf: Option<&'a Arc<Btf>>,
    pub(crate) map: &'a MapSpec,
}

impl Printer<'_> {
    fn elements(&self, mut entries: Vec<Entry>, names: &mut StackNames) -> Vec<(Value, Value)> {
        entries.sort_unstable();
        if self.map.kind == Some(MapType::StackTrace) {
            let named = names.frames(entries.iter().map(|(_, value)| addresses(value)));
            let ids = entries.iter().map(|(id, _)| self.typed(None, id));
            return ids.zip(named).collect();
        }
        entries.iter().map(|(key, value)| (self.key(key), self.value(value))).collect()
    }

    pub(crate) fn key(&self, bytes: &[u8]) -> Value {
        self.typed(self.map.key_type, bytes)
    }

    pub(crate) fn value(&self, bytes: &[u8]) -> Value {
        if self.map.kind.is_some_and(MapType::is_percpu) {
            let size = self.map.value_size as usize;
            let values = bytes.chunks(size.next_multiple_of(8).max(8));
            let values = values.map(|value| &value[..size.min(value.len())]);
            return values.map(|value| self.typed(self.map.value_type, value)).collect();
        }
        if self.map.value_type.is_none() && self.map.origin != MapOrigin::Btf {
            return self.variables(bytes);
        }
        self.typed(self.map.value_type, bytes)
    }

    /// A data section whose variables are known though it has no type of its own.
    fn variables(&self, bytes: &[u8]) -> Value {
        let mut object = Map::new();
        for variable in &self.map.variables {
            let start = variable.offset as usize;
            let Some(own) = bytes.get(start..start + variable.size as usize) else { continue };
            object.insert(variable.name.clone(), self.typed(variable.ty, own));
        }
        if object.is_empty() { hex(bytes) } else { Value::Object(object) }
    }

    /// Bytes by their type; without one, four bytes are the index that keys of arrays are.
    fn typed(&self, ty: Option<TypeId>, bytes: &[u8]) -> Value {
        match (ty, self.btf) {
            (Some(ty), Some(btf)) => ValuePrinter::new(btf).value(ty, bytes),
            _ => match bytes.try_into() {
                Ok(word) if self.map.key_size == 4 && bytes.len() == 4 => {
                    json!(u32::from_le_bytes(word))
                }
                _ => hex(bytes),
            },
        }
    }
}

/// The words of a stack up to its end, which is the first zero.
fn addresses(value: &[u8]) -> Vec<u64> {
    let words = value.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
    words.take_while(|word| *word != 0).collect()
}
