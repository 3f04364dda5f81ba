//! Rust types of what a call leaves in R0.

use std::marker::PhantomData;

use skep_abi::{Addr, Errno, RetType};
use skep_machine::{Fault, Stop};

use crate::arg::Strukt;

/// Why a call returns early: with an error number that the program sees, or not at all.
#[derive(Debug)]
pub(crate) enum Halt {
    /// R0 is the negated number.
    Errno(Errno),
    /// The run of the program ends here.
    Stop(Stop),
}

/// What a call answers.
pub(crate) type Answer<T> = Result<T, Halt>;

impl From<Errno> for Halt {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Stop(fault.into())
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// A Rust type that stands for one return value.
#[diagnostic::on_unimplemented(message = "`{Self}` is not what a helper or kfunc can return")]
pub(crate) trait Ret {
    /// What the verifier makes of it.
    const TYPE: RetType;

    /// The 64 bits of R0.
    fn into_reg(self) -> Result<u64, Stop>;
}

impl Ret for () {
    const TYPE: RetType = RetType::Void;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(0)
    }
}

/// Integers: C's return types are sign- or zero-extended to 64 bits.
macro_rules! integers {
    ($($ty:ty => $via:ty),*) => {
        $(impl Ret for $ty {
            const TYPE: RetType = RetType::Integer;

            fn into_reg(self) -> Result<u64, Stop> {
                Ok(<$via>::from(self) as u64)
            }
        })*
    };
}

integers! { u64 => u64, i64 => i64, u32 => u64, i32 => i64 }

impl Ret for bool {
    const TYPE: RetType = RetType::Integer;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.into())
    }
}

/// Zero: the call has done its work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Success;

impl Ret for Success {
    const TYPE: RetType = RetType::Integer;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(0)
    }
}

/// Address of a value of the map argument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MapValue(pub(crate) Addr);

impl Ret for MapValue {
    const TYPE: RetType = RetType::MapValue;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.0.0)
    }
}

/// Address of a value of the map argument, or null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MapValueOrNull(pub(crate) Option<Addr>);

impl Ret for MapValueOrNull {
    const TYPE: RetType = RetType::MapValueOrNull;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.0.map_or(0, |addr| addr.0))
    }
}

/// This CPU's variable, never null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PercpuVar(pub(crate) Addr);

impl Ret for PercpuVar {
    const TYPE: RetType = RetType::MemOrBtf;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.0.0)
    }
}

/// Address of a reserved ring buffer record, or null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingbufMemOrNull(pub(crate) Option<Addr>);

impl Ret for RingbufMemOrNull {
    const TYPE: RetType = RetType::AllocMemOrNull;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.0.map_or(0, |addr| addr.0))
    }
}

/// What calls return that may be null.
macro_rules! or_null {
    ($($(#[doc = $doc:literal])+ $name:ident: $ty:expr;)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $name(pub(crate) Option<Addr>);

            impl Ret for $name {
                const TYPE: RetType = $ty;

                fn into_reg(self) -> Result<u64, Stop> {
                    Ok(self.0.map_or(0, |addr| addr.0))
                }
            }
        )*
    };
}

or_null! {
    /// A socket.
    SocketOrNull: RetType::SocketOrNull;
    /// A socket of any state.
    SockCommonOrNull: RetType::SockCommonOrNull;
    /// A TCP socket.
    TcpSockOrNull: RetType::TcpSockOrNull;
    /// Memory behind a dynptr.
    DynptrMemOrNull: RetType::DynptrMemOrNull;
    /// The `int` that an iterator has come to.
    IterElem: RetType::IterElemOrNull;
    /// An object that the program allocated; the call's flags must say `RET_NULL`.
    AllocObjOrNull: RetType::AllocObj;
    /// A node of a list; the call's flags must say `RET_NULL`.
    ListNodeOrNull: RetType::GraphNode { strukt: "bpf_list_node" };
    /// A node of a tree; the call's flags must say `RET_NULL`.
    RbNodeOrNull: RetType::GraphNode { strukt: "bpf_rb_node" };
    /// A CPU's variable.
    PercpuVarOrNull: RetType::MemOrBtfOrNull;
}

/// Trusted `struct task_struct *`, never null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrustedTask(pub(crate) Addr);

impl Ret for TrustedTask {
    const TYPE: RetType = RetType::BtfPtr { strukt: "task_struct", trusted: true };

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.0.0)
    }
}

/// A reference of the type of an argument, or null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved(pub(crate) Addr);

impl Ret for Moved {
    const TYPE: RetType = RetType::OwnedOrNull;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.0.0)
    }
}

/// A reference to a `struct S *` that the program now holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owned<S>(Addr, PhantomData<S>);

impl<S> Owned<S> {
    /// The reference to the object at an address.
    pub(crate) const fn new(object: Addr) -> Self {
        Self(object, PhantomData)
    }
}

impl<S: Strukt> Ret for Owned<S> {
    const TYPE: RetType = RetType::BtfPtr { strukt: S::NAME, trusted: true };

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.0.0)
    }
}

/// Null where there is nothing; the call's flags must say `RET_NULL`.
impl<S: Strukt> Ret for Option<Owned<S>> {
    const TYPE: RetType = Owned::<S>::TYPE;

    fn into_reg(self) -> Result<u64, Stop> {
        Ok(self.map_or(0, |owned| owned.0.0))
    }
}

impl<T: Ret, E: Into<Halt>> Ret for Result<T, E> {
    const TYPE: RetType = T::TYPE;

    fn into_reg(self) -> Result<u64, Stop> {
        match self.map_err(Into::into) {
            Ok(value) => value.into_reg(),
            Err(Halt::Errno(errno)) => Ok(errno.to_reg()),
            Err(Halt::Stop(stop)) => Err(stop),
        }
    }
}

#[cfg(test)]
mod tests {
    use skep_abi::Errno;

    use super::{Answer, Halt, Ret as _};

    #[test]
    fn r0_is_extended_to_64_bits_as_the_c_type_says() {
        assert_eq!((-1i32).into_reg().unwrap(), u64::MAX);
        assert_eq!(u32::MAX.into_reg().unwrap(), 0xffff_ffff);
        assert_eq!((-2i64).into_reg().unwrap(), u64::MAX - 1);
        let refused: Answer<u32> = Err(Halt::Errno(Errno::ENOENT));
        assert_eq!(refused.into_reg().unwrap(), -2i64 as u64);
    }
}
