/** The items of `POST /echo`, and the rules that they keep. */

import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsNumber, Max, Min, ValidateNested } from 'class-validator';
import { Characters, Entries, isObject, isText } from '../validation/rules.js';

// The rule that stands lowest is tried first.
export class EchoItem {
  @Max(Number.MAX_SAFE_INTEGER)
  @Min(0)
  @IsInt()
  readonly id!: number;

  @Characters(1, 200)
  readonly name!: string;

  @Max(1_000_000)
  @Min(0)
  @IsNumber()
  readonly price!: number;

  @Max(1_000_000)
  @Min(0)
  @IsInt()
  readonly quantity!: number;

  @Entries((tag) => isText(tag, 0, 50), 'must be a text of at most 50 characters')
  @ArrayMaxSize(20)
  @IsArray()
  readonly tags!: string[];
}

export class EchoRequest {
  @ValidateNested()
  @Type(() => EchoItem)
  @Entries(isObject, 'must be an object')
  @ArrayMaxSize(1000)
  @IsArray()
  readonly items!: EchoItem[];
}

export type EchoResponse = { items: EchoItem[]; count: number; total: number };
