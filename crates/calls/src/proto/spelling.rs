//! Types of arguments and results as the kernel spells them: `ARG_PTR_TO_BTF_ID(task_struct) | PTR_MAYBE_NULL`.

use skep_abi::{ArgBase, ArgProto, RetBase, RetProto, TypeFlags};

const NO_ARG: ArgProto =
    ArgProto { base: ArgBase::DontCare, flags: TypeFlags::empty(), btf: None, size: 0 };

/// One cell of an argument; `-` is no argument.
pub(super) fn arg(cell: &'static str) -> Option<ArgProto> {
    if cell == "-" {
        return Some(NO_ARG);
    }
    let mut words = cell.split(" | ");
    let (base, btf) = parameter(words.next()?);
    let mut arg = ArgProto { base: arg_base(base)?, btf, ..NO_ARG };
    for word in words {
        let (flag, size) = parameter(word);
        arg.flags |= TypeFlags::from_name(flag)?;
        if let Some(size) = size {
            arg.size = size.parse().ok()?;
        }
    }
    Some(arg)
}

/// The cell of a result.
pub(super) fn ret(cell: &'static str) -> Option<RetProto> {
    let mut words = cell.split(" | ");
    let (base, btf) = parameter(words.next()?);
    let mut flags = TypeFlags::empty();
    for word in words {
        flags |= TypeFlags::from_name(word)?;
    }
    Some(RetProto { base: ret_base(base)?, flags, btf })
}

/// Splits `WORD(parameter)`.
fn parameter(word: &'static str) -> (&'static str, Option<&'static str>) {
    match word.strip_suffix(')').and_then(|word| word.split_once('(')) {
        Some((word, parameter)) => (word, Some(parameter)),
        None => (word, None),
    }
}

fn arg_base(word: &str) -> Option<ArgBase> {
    Some(match word {
        "ARG_CONST_MAP_PTR" => ArgBase::ConstMapPtr,
        "ARG_PTR_TO_MAP_KEY" => ArgBase::MapKey,
        "ARG_PTR_TO_MAP_VALUE" => ArgBase::MapValue,
        "ARG_PTR_TO_MEM" => ArgBase::Mem,
        "ARG_PTR_TO_ARENA" => ArgBase::Arena,
        "ARG_CONST_SIZE" => ArgBase::ConstSize,
        "ARG_CONST_SIZE_OR_ZERO" => ArgBase::ConstSizeOrZero,
        "ARG_PTR_TO_CTX" => ArgBase::Ctx,
        "ARG_ANYTHING" => ArgBase::Anything,
        "ARG_PTR_TO_SPIN_LOCK" => ArgBase::SpinLock,
        "ARG_PTR_TO_SOCK_COMMON" => ArgBase::SockCommon,
        "ARG_PTR_TO_SOCKET" => ArgBase::Socket,
        "ARG_PTR_TO_BTF_ID" => ArgBase::BtfId,
        "ARG_PTR_TO_RINGBUF_MEM" => ArgBase::RingbufMem,
        "ARG_CONST_ALLOC_SIZE_OR_ZERO" => ArgBase::ConstAllocSizeOrZero,
        "ARG_PTR_TO_BTF_ID_SOCK_COMMON" => ArgBase::BtfIdSockCommon,
        "ARG_PTR_TO_PERCPU_BTF_ID" => ArgBase::PercpuBtfId,
        "ARG_PTR_TO_FUNC" => ArgBase::Func,
        "ARG_PTR_TO_STACK" => ArgBase::Stack,
        "ARG_PTR_TO_CONST_STR" => ArgBase::ConstStr,
        "ARG_PTR_TO_TIMER" => ArgBase::Timer,
        "ARG_KPTR_XCHG_DEST" => ArgBase::KptrXchgDest,
        "ARG_PTR_TO_DYNPTR" => ArgBase::Dynptr,
        _ => return None,
    })
}

fn ret_base(word: &str) -> Option<RetBase> {
    Some(match word {
        "RET_INTEGER" => RetBase::Integer,
        "RET_VOID" => RetBase::Void,
        "RET_PTR_TO_MAP_VALUE" => RetBase::MapValue,
        "RET_PTR_TO_SOCKET" => RetBase::Socket,
        "RET_PTR_TO_TCP_SOCK" => RetBase::TcpSock,
        "RET_PTR_TO_SOCK_COMMON" => RetBase::SockCommon,
        "RET_PTR_TO_MEM" => RetBase::Mem,
        "RET_PTR_TO_MEM_OR_BTF_ID" => RetBase::MemOrBtfId,
        "RET_PTR_TO_BTF_ID" => RetBase::BtfId,
        _ => return None,
    })
}
