/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rounds.h"

#include <math.h>

bool rounds_due(double round_s, const struct view *view, struct plan *plan)
{
    double slack_s = round_s * 1e-6, now_s = view->now_s + slack_s;
    double last_s, slot_s = view->catalog->slot_s;

    if (round_s <= 0)
        return true;
    last_s = floor(now_s / round_s) * round_s;
    if (view->waiting + view->running > 0)
        plan_wake(plan, last_s + round_s);
    return now_s - last_s <= 2 * slack_s || now_s - last_s < slot_s;
}
