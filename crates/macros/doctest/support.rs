// What the expansion of `#[calls]` names, reduced to what a doctest needs.

pub struct Kernel;

pub struct Older {
    pub until: ::skep_abi::KernelVersion,
    pub run: fn(&mut Kernel, [u64; 5]) -> u64,
}

pub struct Call {
    pub spec: ::skep_abi::CallSpec,
    pub run: fn(&mut Kernel, [u64; 5]) -> u64,
    pub older: &'static [Older],
}

pub type CallSet = &'static [Call];

pub trait Arg {
    const TYPE: ::skep_abi::ArgType;
    fn from_reg(raw: u64) -> Self;
}

pub trait Ret {
    const TYPE: ::skep_abi::RetType;
    fn into_reg(self) -> u64;
}

impl Arg for u32 {
    const TYPE: ::skep_abi::ArgType = ::skep_abi::ArgType::Anything;
    fn from_reg(raw: u64) -> Self {
        raw as Self
    }
}

impl Ret for u32 {
    const TYPE: ::skep_abi::RetType = ::skep_abi::RetType::Integer;
    fn into_reg(self) -> u64 {
        self.into()
    }
}

pub mod prog_set {
    pub const BASE: &[::skep_abi::ProgType] = &[::skep_abi::ProgType::Xdp];
}
