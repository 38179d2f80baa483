//! The state of an Opus decoder as memory of our own, so that it can be put aside and taken back.
//!
//! "The decoder state is always continuous in memory and only a shallow copy is sufficient to copy it" (opus.h of libopus).

use crate::{MediaError, RATE_HZ};
use opusic_sys::{OPUS_OK, OPUS_RESET_STATE, OpusDecoder};
use std::ffi::c_int;

/// A mono decoder of [`RATE_HZ`]. It is aligned as `malloc` would align it.
pub struct DecoderState(Box<[u128]>);

impl DecoderState {
    pub fn new() -> Result<Self, MediaError> {
        // SAFETY: the call only computes.
        let size = unsafe { opusic_sys::opus_decoder_get_size(1) };
        let bytes = usize::try_from(size).ok().filter(|bytes| *bytes > 0).ok_or(MediaError::Decoder(size))?;
        let mut state = Self(vec![0; bytes.div_ceil(size_of::<u128>())].into());
        // SAFETY: the memory is as large as a decoder of one channel, is aligned for it, and is borrowed for the call.
        match unsafe { opusic_sys::opus_decoder_init(state.decoder(), RATE_HZ.cast_signed(), 1) } {
            OPUS_OK => Ok(state),
            code => Err(MediaError::Decoder(code)),
        }
    }

    fn decoder(&mut self) -> *mut OpusDecoder {
        self.0.as_mut_ptr().cast()
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        // SAFETY: `new` has set the decoder up, and it is borrowed for the call, which has no further argument.
        unsafe { opusic_sys::opus_decoder_ctl(self.decoder(), OPUS_RESET_STATE) };
    }

    /// Becomes what `other` is.
    pub fn become_like(&mut self, other: &Self) {
        self.0.copy_from_slice(&other.0);
    }

    /// Decodes a packet into `out`, or with `redundancy` the packet before it; an empty one is concealed. Gives how many
    /// samples that were: none when it is no Opus.
    pub fn decode(&mut self, payload: &[u8], redundancy: bool, out: &mut [f32]) -> usize {
        let data = if payload.is_empty() { std::ptr::null() } else { payload.as_ptr() };
        let (Ok(length), Ok(room)) = (i32::try_from(payload.len()), c_int::try_from(out.len())) else { return 0 };
        // SAFETY: `new` has set the decoder up; the pointers and lengths are those of live slices, borrowed for the call.
        let made = unsafe {
            opusic_sys::opus_decode_float(self.decoder(), data, length, out.as_mut_ptr(), room, c_int::from(redundancy))
        };
        usize::try_from(made).unwrap_or(0)
    }
}
