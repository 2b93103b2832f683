// The heads' weightings of the slots of one sequence, as the cell that this is compiled for addresses.
#pragma once

#if LOCATES
#include "ntm_location.h"
#else
#include "ntm_content_alone.h"
#endif
