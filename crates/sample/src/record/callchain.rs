//! Callchains: addresses, with markers (`enum perf_callchain_context`) between their parts.

use perf_event_open_sys::bindings as sys;
use skep_abi::{PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER};

use super::cursor::Words;

/// What runs behind the addresses that follow a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallchainContext {
    /// The kernel.
    Kernel,
    /// User space.
    User,
    /// User space, to be delivered by a later record; the word after the marker is its cookie.
    UserDeferred,
    /// A hypervisor or a virtual machine.
    Other,
}

impl CallchainContext {
    /// What a word marks, or `None` when it is an address.
    ///
    /// *Kernel*: the last 4,095 numbers (`PERF_CONTEXT_MAX` and above) are markers.
    #[must_use]
    pub const fn of(word: u64) -> Option<Self> {
        if word < sys::PERF_CONTEXT_MAX {
            return None;
        }
        Some(match word {
            PERF_CONTEXT_KERNEL => Self::Kernel,
            PERF_CONTEXT_USER => Self::User,
            sys::PERF_CONTEXT_USER_DEFERRED => Self::UserDeferred,
            _ => Self::Other,
        })
    }
}

/// A callchain, split at its markers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Addresses of the kernel part, innermost first.
    pub kernel: Vec<u64>,
    /// Addresses of the user part, innermost first.
    pub user: Vec<u64>,
}

/// Splits a callchain; `in_kernel` says where addresses before the first marker belong.
///
/// After the first `PERF_CONTEXT_USER` everything is the user's, even words that look like markers: the kernel stores
/// whatever a user's frame pointers lead to. (BPF's stack helpers split at the same place.) Parts of hypervisors and
/// virtual machines are left out, since their addresses mean nothing on this side.
#[must_use]
pub fn split(callchain: Words<'_>, in_kernel: bool) -> Split {
    let mut split = Split::default();
    let mut context = if in_kernel { CallchainContext::Kernel } else { CallchainContext::User };
    let mut words = callchain.iter();
    for word in words.by_ref() {
        match (CallchainContext::of(word), context) {
            (Some(CallchainContext::User), _) => break,
            (Some(marked), _) => context = marked,
            (None, CallchainContext::Kernel) => split.kernel.push(word),
            (None, CallchainContext::User) => split.user.push(word),
            (None, CallchainContext::UserDeferred | CallchainContext::Other) => {}
        }
    }
    split.user.extend(words);
    split
}
