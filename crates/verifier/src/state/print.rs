//! Types and registers as the kernel's log spells them (`kernel/bpf/log.c`).

use skep_abi::TypeFlags;

use super::{Base, RegType};

impl Base {
    const fn text(self) -> &'static str {
        match self {
            Self::NotInit => "?",
            Self::Scalar => "scalar",
            Self::Ctx => "ctx",
            Self::MapPtr => "map_ptr",
            Self::MapValue => "map_value",
            Self::MapKey => "map_key",
            Self::Stack => "fp",
            Self::PacketMeta => "pkt_meta",
            Self::Packet => "pkt",
            Self::PacketEnd => "pkt_end",
            Self::FlowKeys => "flow_keys",
            Self::Socket => "sock",
            Self::SockCommon => "sock_common",
            Self::TcpSock => "tcp_sock",
            Self::TpBuffer => "tp_buffer",
            Self::XdpSock => "xdp_sock",
            Self::BtfId => "ptr_",
            Self::Mem => "mem",
            Self::Arena => "arena",
            Self::Buf => "buf",
            Self::Func => "func",
            Self::Dynptr => "dynptr_ptr",
        }
    }
}

impl core::fmt::Display for RegType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (flag, text) in [
            (TypeFlags::MEM_RDONLY, "rdonly_"),
            (TypeFlags::MEM_RINGBUF, "ringbuf_"),
            (TypeFlags::MEM_USER, "user_"),
            (TypeFlags::MEM_PERCPU, "percpu_"),
            (TypeFlags::MEM_RCU, "rcu_"),
            (TypeFlags::PTR_UNTRUSTED, "untrusted_"),
            (TypeFlags::PTR_TRUSTED, "trusted_"),
        ] {
            if self.has(flag) {
                f.write_str(text)?;
            }
        }
        f.write_str(self.base.text())?;
        match (self.may_be_null(), self.base) {
            (true, Base::BtfId) => f.write_str("or_null_"),
            (true, _) => f.write_str("_or_null"),
            (false, _) => Ok(()),
        }
    }
}
