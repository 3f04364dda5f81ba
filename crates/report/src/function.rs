//! Time by function.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::profile::Profile;
use crate::stack::GroupId;

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
    /// Of `own`, what each group has.
    #[serde(skip)]
    own_by_group: Vec<u64>,
}

impl FunctionStat {
    /// Weight of the stacks of a group on which it is innermost.
    #[must_use]
    pub fn own_in(&self, group: GroupId) -> u64 {
        self.own_by_group.get(group.0 as usize).copied().unwrap_or(0)
    }
}

/// What is added up for a function.
#[derive(Clone, Default)]
struct Weights {
    own: u64,
    total: u64,
    own_by_group: Vec<u64>,
}

impl Weights {
    fn add_own(&mut self, group: Option<GroupId>, weight: u64) {
        self.own = self.own.saturating_add(weight);
        let Some(group) = group.map(|group| group.0 as usize) else { return };
        if self.own_by_group.len() <= group {
            self.own_by_group.resize(group + 1, 0);
        }
        if let Some(own) = self.own_by_group.get_mut(group) {
            *own = own.saturating_add(weight);
        }
    }
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
        let mut weights = vec![Weights::default(); self.functions().len()];
        let mut seen = HashSet::new();
        for stack in self.stacks() {
            seen.clear();
            for (depth, frame) in self.frames(stack).enumerate() {
                let Some(of) = weights.get_mut(frame.id.0 as usize) else { continue };
                if depth == 0 {
                    of.add_own(stack.group, stack.weight);
                }
                if seen.insert(frame.id) {
                    of.total = of.total.saturating_add(stack.weight);
                }
            }
        }
        let stat = |(function, of): (&crate::Function, Weights)| FunctionStat {
            name: function.name.clone(),
            address: function.address,
            object: function.object.clone(),
            own: of.own,
            total: of.total,
            own_by_group: of.own_by_group,
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
