import { FairleadError, type PluginKind } from '@fairlead/sdk';
import type { PluginPlan, PolicyPlan } from '../plan.ts';
import type { Line } from '../succession/line.ts';
import type { Order } from '../succession/order.ts';
import type { PostedError, PostedPolicy } from './forwarding-worker.ts';
import type { PostedPlugin } from './mailbox.ts';

export function received({ code, what, where, mend }: PostedError): FairleadError {
  return new FairleadError(code, what, {
    ...(where === undefined ? {} : { where }),
    ...(mend === undefined ? {} : { mend }),
  });
}

export function posted({ name, module, options, where }: PluginPlan): PostedPlugin {
  return { name, module, options, where };
}

/** A policy's place as it is posted, with those who are left to serve there. */
export function postedPolicy({ fail, budget }: PolicyPlan<PluginKind>, { plans }: Line): PostedPolicy {
  return { chain: plans.map(posted), fail, budget };
}

export function postedOrder(order: Order): Order<PostedPlugin> {
  if (order.type === 'swap') return { ...order, plan: posted(order.plan) };
  return order.type === 'shadow' ? { ...order, shadow: { ...order.shadow, plan: posted(order.shadow.plan) } } : order;
}

export function demandModule(plan: PluginPlan): void {
  if (plan.module !== '') return;
  throw new FairleadError(
    'FAIRLEAD_ERR_PLUGIN_NOT_FOUND',
    `plugin "${plan.name}" cannot be loaded in a worker thread`,
    {
      where: plan.where,
      mend: 'put it into a module of its own and give its definition module: import.meta.url, or use runtime inline',
    },
  );
}
