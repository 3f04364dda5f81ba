//! Time by function.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::profile::Profile;

/// How much of a profile one function has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionStat {
    /// Its name; `None` where it is not known.
    pub name: Option<Arc<str>>,
    /// Where the name is not known, the address.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hex")]
    pub address: Option<u64>,
    /// The object that holds it (see [`Function::object`](crate::Function::object)).
    pub object: Arc<str>,
    /// Weight of the stacks on which it is innermost.
    #[serde(rename = "self")]
    pub own: u64,
    /// Weight of the stacks on which it is at all; recursion counts once.
    pub total: u64,
}

fn hex<S: Serializer>(address: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => serializer.serialize_str(&format!("{address:#x}")),
        None => serializer.serialize_none(),
    }
}

impl Profile {
    /// Every function, hottest first: by its own weight, then by its total.
    #[must_use]
    pub fn function_stats(&self) -> Vec<FunctionStat> {
        let mut weights = vec![(0u64, 0u64); self.functions().len()];
        let mut seen = HashSet::new();
        for stack in self.stacks() {
            seen.clear();
            for (depth, frame) in self.frames(stack).enumerate() {
                let Some((own, total)) = weights.get_mut(frame.id.0 as usize) else { continue };
                if depth == 0 {
                    *own = own.saturating_add(stack.weight);
                }
                if seen.insert(frame.id) {
                    *total = total.saturating_add(stack.weight);
                }
            }
        }
        let stat = |(function, (own, total)): (&crate::Function, (u64, u64))| FunctionStat {
            name: function.name.clone(),
            address: function.address,
            object: function.object.clone(),
            own,
            total,
        };
        let mut stats: Vec<_> = self.functions().iter().zip(weights).map(stat).collect();
        stats.sort_by(|a, b| {
            let hotter = (b.own, b.total).cmp(&(a.own, a.total));
            hotter
                .then_with(|| (&a.name, &a.object, a.address).cmp(&(&b.name, &b.object, b.address)))
        });
        stats
    }
}
