//! All calls of all releases, as a verifier asks for them.

use skep_abi::{CallTable, Caller, HelperAnswer, KfuncAnswer, MapAnswer, MapType};

/// The calls of real kernels.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelCalls;

impl CallTable for KernelCalls {
    fn helper(&self, _id: u32, _caller: &Caller<'_>) -> HelperAnswer {
        HelperAnswer::NotModelled
    }

    fn helper_name(&self, id: u32) -> Option<&'static str> {
        crate::helper_name(id)
    }

    fn kfunc(&self, _name: &str, _caller: &Caller<'_>) -> KfuncAnswer {
        KfuncAnswer::NotModelled
    }

    fn map_takes(&self, _map: MapType, _helper: u32, _caller: &Caller<'_>) -> MapAnswer {
        MapAnswer::Takes
    }
}
