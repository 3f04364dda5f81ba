//! `net/core/bpf_sk_storage.c`: values of sockets.
//!
//! The sockets of the machine are those that packets of test runs have; they end with their packets, and none is closed
//! while a program runs.

use skep_abi::{Errno, MapType};
use skep_machine::Kernel;
use skep_macros::calls;

use crate::arg::{AnySock, Anything, ConstMap, MapValueOrNull as Initial};
use crate::local_storage::{CREATE, create, storage};
use crate::ret::{Answer, MapValueOrNull, Success};

/// Storage of sockets.
pub(crate) struct SkStorage;

#[calls(
    since = "5.2",
    avail {
        TC, CgroupSkb, SockOps, SkMsg, CgroupSockAddr, CgroupSockopt, Tracing, Lsm, Syscall, StructOps,
    },
)]
impl SkStorage {
    /// Returns the address of the value that a socket has in a map, or null.
    ///
    /// With `BPF_SK_STORAGE_GET_F_CREATE` (1) as `flags` a value that is not there is made: a copy of `value`, or zeroes.
    /// Null where there is none, for other flags, for no socket, for one that is only a request or a remnant, and when
    /// memory is short.
    #[helper(
        107,
        avail {
            TC, CgroupSkb, CgroupSock, SockOps, SkMsg, CgroupSockAddr, CgroupSockopt, Tracing, Lsm, Syscall, StructOps,
        },
        effect = StorageGet,
    )]
    fn bpf_sk_storage_get(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        sk: AnySock,
        value: Initial,
        flags: Anything,
    ) -> Answer<MapValueOrNull> {
        let values = storage(k, "bpf_sk_storage_get", map, MapType::SkStorage)?;
        if sk.0.is_null() || flags.0 > CREATE {
            return Ok(MapValueOrNull(None));
        }
        k.run.machine.packets().socket(sk.0)?;
        let found = values.lookup(sk.0);
        if found.is_some() || flags.0 != CREATE {
            return Ok(MapValueOrNull(found));
        }
        create(k, map, values, sk.0, value).map(MapValueOrNull)
    }

    /// Deletes the value that a socket has in a map. Returns 0.
    ///
    /// *Errors*: `EINVAL` for no socket, and for one that is only a request or a remnant; `ENOENT` when it has none.
    #[helper(108)]
    fn bpf_sk_storage_delete(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        sk: AnySock,
    ) -> Answer<Success> {
        let values = storage(k, "bpf_sk_storage_delete", map, MapType::SkStorage)?;
        if sk.0.is_null() {
            return Err(Errno::EINVAL.into());
        }
        k.run.machine.packets().socket(sk.0)?;
        values.delete(sk.0)?;
        Ok(Success)
    }
}
