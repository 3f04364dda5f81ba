//! Kfuncs that run a function of the program, within the call or later.

use skep_abi::Effect;

use super::broken;
use super::desc::Kfunc;
use super::seen::Seen;
use crate::call::callback::{self, Entry};
use crate::call::graph;
use crate::diag::Step;
use crate::env::Env;
use crate::fields::FieldKind;
use crate::state::{Base, RegState, RegType};

/// Has the callback of a kfunc explored, when it takes one.
pub(super) fn run(env: &mut Env<'_>, kfunc: &Kfunc<'_>, seen: &Seen) -> Step {
    let entry = match kfunc.effect {
        Some(Effect::RbtreeAdd) => {
            let Some(FieldKind::RbRoot(root)) = seen.root.map(|root| root.kind) else {
                return broken("a tree without a root");
            };
            let node = graph::non_owning(env, root)?;
            Entry::within([node, node])
        }
        Some(Effect::CallbackWq) => Entry::later(of_map(seen)?, true, (0, 0)),
        Some(Effect::CallbackTaskWork) => Entry::later(of_map(seen)?, true, (i32::MIN, i32::MAX)),
        _ => return Ok(()),
    };
    let Some(subprog) = seen.callback else { return broken("no callback argument") };
    callback::push(env, subprog, &entry).map_err(|stop| {
        let (name, id) = (kfunc.name, kfunc.id.0);
        stop.followed_by(&format!("kfunc {name}#{id} failed callback verification"))
    })
}

/// What a callback of an object in a map value is given: map, key, value.
fn of_map(seen: &Seen) -> Step<[RegState; 3]> {
    let Some(map) = seen.map else { return broken("a callback of no map") };
    let arg = |base| RegState { payload: map.payload(), ..RegState::pointer(RegType::new(base)) };
    Ok([arg(Base::MapPtr), arg(Base::MapKey), arg(Base::MapValue)])
}
