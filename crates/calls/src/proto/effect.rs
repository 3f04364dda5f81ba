//! Effects by the name that the tables give them.

use skep_abi::Effect;

macro_rules! effects {
    ($($name:ident)*) => {
        /// The effect of this name.
        pub(super) fn effect(name: &str) -> Option<Effect> {
            match name {
                $(stringify!($name) => Some(Effect::$name),)*
                _ => None,
            }
        }
    };
}

effects! {
    TailCall MapLookup MapLookupPercpu MapUpdate MapDelete MapQueue MapPeek MapRedirect
    CallbackLoop CallbackMapElem CallbackVma CallbackUserRingbuf CallbackTimer CallbackWq CallbackTaskWork
    RingbufReserve RingbufRelease CallsStackWalk
    RcuLock RcuUnlock PreemptDisable PreemptEnable IrqSave IrqRestore
    SpinLock SpinUnlock ResSpinLock ResSpinUnlock ResSpinLockIrq ResSpinUnlockIrq
    GetLocalStorage StorageGet KptrXchg
    DynptrFromMem DynptrRingbufReserve DynptrRingbufRelease DynptrRead DynptrWrite DynptrData DynptrFromSkb
    DynptrFromSkbMeta DynptrFromXdp DynptrFromFile DynptrFileDiscard DynptrSlice DynptrSliceRdwr DynptrClone
    SetRetval PerCpuPtr ThisCpuPtr Snprintf
    ObjNew ObjDrop PercpuObjNew PercpuObjDrop RefcountAcquire
    ListPush ListPop ListPeek RbtreeAdd RbtreeRemove RbtreeFirst RbtreeChild
    CastToKernCtx RdonlyCast Throw IterCssTaskNew IterNumNew IterNumNext
    IterNumDestroy XdpPullData WqInit GetKmemCache SessionCookie Trap ArenaAlloc ArenaPages DeviceBound SetXattr
}
