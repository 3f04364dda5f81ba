//! Netfilter hooks: two kernel objects (`nf_is_valid_access`).

use skep_abi::TypeFlags;
use skep_btf::Kind;

use super::{Answer, Query, Yields, refused};
use crate::access::Rw;
use crate::env::Env;

/// `struct bpf_nf_ctx`: `state`, then `skb`.
pub(super) fn access(env: &Env<'_>, query: &Query) -> Answer {
    if query.rw == Rw::Write || query.size != 8 || !query.is_aligned() {
        return refused();
    }
    let name = match query.off {
        0 => "nf_hook_state",
        8 => "sk_buff",
        _ => return refused(),
    };
    match env.kernel.btf.find(name, Kind::Struct) {
        Some(id) => Ok(Yields::Object { id, flags: TypeFlags::PTR_TRUSTED, ref_id: 0 }),
        None => refused(),
    }
}
